"""Django settings, decided by the environment or `.env`; `.env.example` lists every variable."""

from project.env_loading import load_env_file
from project.environment import BASE_DIR as BASE_DIR

load_env_file()

# isort: off
# In this order: the first invalid value is the one that is named.
from project.settings.process import *
from project.settings.applications import *
from project.settings.stores import *
from project.settings.background import *
from project.settings.quotes import *
from project.settings.mail import *
from project.settings.users import *
from project.settings.limits import *
from project.settings.api import *
from project.settings.language import *
from project.settings.files import *
from project.settings.security import *

# Last: logs hide the secrets that the modules above have read.
from project.settings.observing import *
