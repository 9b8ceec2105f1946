from . import base_partner_merge
from . import collection_drop
from . import collection_preview
from . import collection_safe_start
from . import collection_safe_start_plan
