"""Names for the content of a file, judged by its first bytes, for messages about wrong files.

Archives, web pages and pictures often have the name of the file that was wanted: a browser packed
it, a server answered with a page that asks to log in, or a repository holds a pointer to the file.
"""

import re

N_FIRST_BYTES = 1024
"""Number of first bytes of a file with which its kind is recognised."""

_UNPACK = "unpack it first"
_MAGIC: tuple[tuple[bytes, str], ...] = (
    (rb"\x1f\x8b", f"packed with gzip; {_UNPACK}"),
    (rb"\x1f[\x9d\xa0]", f"packed with compress (.Z); {_UNPACK}"),
    (rb"BZh[1-9]", f"packed with bzip2; {_UNPACK}"),
    (rb"\xfd7zXZ\0", f"packed with xz; {_UNPACK}"),
    (rb"\x5d\0\0", f"packed with lzma; {_UNPACK}"),
    (rb"\x28\xb5\x2f\xfd", f"packed with Zstandard; {_UNPACK}"),
    (rb"\x04\x22\x4d\x18", f"packed with lz4; {_UNPACK}"),
    (rb"LZIP[\0\1]", f"packed with lzip; {_UNPACK}"),
    (rb"PK\x03\x04", f"a ZIP archive; {_UNPACK}"),
    (rb"PK\x05\x06", "a ZIP archive without files"),
    (rb"7z\xbc\xaf\x27\x1c", f"a 7-Zip archive; {_UNPACK}"),
    (rb"Rar!\x1a\x07", f"a RAR archive; {_UNPACK}"),
    (rb".{257}ustar", f"a tar archive; {_UNPACK}"),
    (rb"\xff\xd8\xff", "a JPEG picture"),
    (rb"\x89PNG\r\n\x1a\n", "a PNG picture"),
    (rb"GIF8[79]a", "a GIF picture"),
    (rb"II\*\0|MM\0\*", "a TIFF picture"),
    (rb"RIFF....WEBP", "a WebP picture"),
    (rb"\x89HDF\r\n\x1a\n", "an HDF5 file"),
    (rb"CDF[\1\2\5]", "a NetCDF file"),
    (rb"PAR1\x15", "a Parquet file"),
    (rb"ARROW1\0\0", "an Arrow IPC (Feather) file"),
    (rb"\x93NUMPY", "a NumPy array (.npy)"),
    (rb"SIMPLE  =", "a FITS file"),
    (rb"#ASDF", "an ASDF file"),
    (rb"SQLite format 3\0", "an SQLite database"),
    (rb"%PDF-", "a PDF document"),
    (rb"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "a document of an old version of Microsoft Office"),
    (rb"\x7fELF", "a program"),
    (
        rb"version https://git-lfs\.github\.com/spec/",
        "a pointer of git-lfs in place of the file itself; fetch the file with git-lfs",
    ),
)
"""Pattern of the first bytes, and description, of each kind of file."""

_READABLE = ("a FITS file",)
_BYTE_ORDER_MARKS = ((b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"), (b"\xef\xbb\xbf", "utf-8"))
_WEB_PAGE = re.compile(
    r"\s*(<\?xml[^>]*>\s*)?(<!--.*?-->\s*)*<(!doctype html|html|head)\b", re.IGNORECASE | re.DOTALL
)
_QUOTED_CHARACTERS = 60


def describe_content(first_bytes: bytes) -> str:
    """The kind of a file, judged by its first bytes, as the end of a sentence "FILE is ...".

    Text is quoted; bytes that are not text are not.

    Parameters
    ----------
    first_bytes
        The first `N_FIRST_BYTES` bytes of the file, or the whole file if it is shorter.

    Examples
    --------
    >>> describe_content(b"BZh91AY&SY")
    'packed with bzip2; unpack it first'
    >>> describe_content(b"no such layer")
    "text that begins 'no such layer'"
    >>> describe_content(b"")
    'empty (0 bytes)'
    """
    recognised = _recognise(first_bytes)
    if recognised:
        return recognised
    text = _as_text(first_bytes)
    if text is None:
        return "binary data of an unknown kind"
    shown = " ".join(text.split())
    quoted = shown[:_QUOTED_CHARACTERS] + ("..." if len(shown) > _QUOTED_CHARACTERS else "")
    return f"text that begins {quoted!r}" if shown else "text that begins with blanks alone"


def describe_foreign_content(first_bytes: bytes) -> str | None:
    """Description of a file that is certainly no survey file; None for FITS, text and the unknown.

    Parameters
    ----------
    first_bytes
        The first `N_FIRST_BYTES` bytes of the file, or the whole file if it is shorter.

    Examples
    --------
    >>> describe_foreign_content(b"<html><title>Log in</title></html>")
    'a web page (HTML), such as one that asks to log in or reports an error'
    >>> describe_foreign_content(b"TARGETID,z")
    """
    recognised = _recognise(first_bytes)
    return None if recognised in _READABLE else recognised


def _recognise(first_bytes: bytes) -> str | None:
    if not first_bytes:
        return "empty (0 bytes)"
    if not first_bytes.strip(b"\0"):
        return "filled with zeros"
    for magic, description in _MAGIC:
        if re.match(magic, first_bytes, re.DOTALL):
            return description
    text = _as_text(first_bytes)
    if text is not None and _WEB_PAGE.match(text):
        return "a web page (HTML), such as one that asks to log in or reports an error"
    return None


def _as_text(content: bytes) -> str | None:
    """The content as text without its byte order mark; None where it is not text."""
    encoding = next((name for mark, name in _BYTE_ORDER_MARKS if content.startswith(mark)), "utf-8")
    # The last character may be cut, since these are the first bytes of a file.
    for n_cut in range(min(4, len(content))):
        try:
            text = content[: len(content) - n_cut].decode(encoding).lstrip("\ufeff")
        except UnicodeDecodeError:
            continue
        return text if all(c.isprintable() or c.isspace() for c in text) else None
    return None
