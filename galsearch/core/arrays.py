"""Names for the array types of the package, so that one name means one dtype everywhere.

Shapes are not part of these types; a docstring states them where they matter.
"""

import numpy as np
import numpy.typing as npt

Float32Array = npt.NDArray[np.float32]
Float64Array = npt.NDArray[np.float64]
Complex64Array = npt.NDArray[np.complex64]
Int64Array = npt.NDArray[np.int64]
UInt8Array = npt.NDArray[np.uint8]
BoolArray = npt.NDArray[np.bool_]

TargetIds = Int64Array
"""Array of TARGETIDs, shape (n,)."""
Rows = Int64Array
"""Array of row numbers in some table; -1 stands for a row that does not exist."""
Vectors = Float32Array
"""Array of embeddings, shape (n, d), with one unit vector in each row."""
