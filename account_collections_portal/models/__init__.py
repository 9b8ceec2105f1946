from . import collection_portal_link
from . import collection_action_portal
from . import collection_case_portal
from . import collection_case_portal_answers
from . import collection_payment_plan_portal
from . import collection_channel_email
from . import res_company
from . import res_config_settings
