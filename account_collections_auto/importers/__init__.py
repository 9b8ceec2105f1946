"""Take over from other dunning programs: one file per source, the contract in `collection_import_source`.

A source only reads its tables, by SQL, whether its module is still installed or not, and returns what it `found`.
"""

from . import collection_import_source
from . import collection_import_enterprise
from . import collection_import_oca
from . import collection_import_odoomates
