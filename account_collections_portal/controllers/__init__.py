from . import portal_access
from . import statement
from . import link
