from . import collection_channel
from . import email
