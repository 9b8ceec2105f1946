from . import portal_access
from . import statement
from . import documents
from . import answers
from . import link
from . import home
from . import pay
