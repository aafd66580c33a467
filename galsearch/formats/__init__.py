"""Tables in the formats that astronomers use: VOTable, FITS, ECSV, Parquet, CSV, JSON lines, SAMP.

The input is always an Arrow table, or its schema and an iterator of its chunks. The metadata of its
fields hold units, UCDs and descriptions.
"""

from galsearch.formats.table_files import TableFormat, export_table, export_table_file

__all__ = ["TableFormat", "export_table", "export_table_file"]
