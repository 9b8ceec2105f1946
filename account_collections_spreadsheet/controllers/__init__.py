from . import collection_workbook
