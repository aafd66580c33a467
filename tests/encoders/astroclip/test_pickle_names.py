"""Names of code are dangerous, names of data are not, and only constructors may be called."""

import pytest

from galsearch.encoders.astroclip.pickle_names import is_dangerous, may_be_called


@pytest.mark.parametrize(
    ("module", "name"),
    [
        ("builtins", "eval"),
        ("__builtin__", "exec"),
        ("os", "system"),
        ("posix", "system"),
        ("nt", "system"),
        ("subprocess", "Popen"),
        ("importlib", "import_module"),
        ("collections", "namedtuple"),
        ("uuid", "_ipconfig_getter"),
        ("logging", "FileHandler"),
        ("collections", "Counter.__init__.__globals__"),
        ("cloudpickle.cloudpickle", "_make_function"),
        ("joblib", "load"),
    ],
)
def test_names_of_code_are_dangerous(module: str, name: str) -> None:
    assert is_dangerous(module, name)


@pytest.mark.parametrize(
    ("module", "name"),
    [
        ("builtins", "dict"),
        ("collections", "OrderedDict"),
        ("pathlib", "PosixPath"),
        ("pathlib._local", "PosixPath"),
        ("collections.abc", "Callable"),
        ("uuid", "UUID"),
        ("omegaconf.dictconfig", "DictConfig"),
        ("numpy.random._pickle", "__generator_ctor"),
        ("pandas._libs.internals", "_unpickle_block"),
        ("argparse", "Namespace"),
        ("numpy", "ndarray"),
        ("numpy", "dtype"),
        ("torch", "Size"),
        ("torch._utils", "_rebuild_tensor_v2"),
        ("astroclip.models", "AstroClipModel"),
    ],
)
def test_names_of_data_may_be_called(module: str, name: str) -> None:
    assert not is_dangerous(module, name)
    assert may_be_called(module, name)


@pytest.mark.parametrize(
    ("module", "name"),
    [
        ("torch.jit", "CompilationUnit"),
        ("mypackage", "Thing.__init__.__globals__.Popen"),
        ("math", "sqrt"),
        ("builtins", "len"),
        ("torch", "load"),
        ("numpy", "load"),
        ("torch.hub", "load"),
        ("astroclip.models", "train"),
    ],
)
def test_functions_may_be_named_but_not_called(module: str, name: str) -> None:
    assert not is_dangerous(module, name)
    assert not may_be_called(module, name)
