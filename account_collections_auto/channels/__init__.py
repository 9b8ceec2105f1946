from . import collection_channel
from . import email
from . import collection_statement_email
