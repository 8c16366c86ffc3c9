"""Settings of the tests: the clinic's own, on private folders, with a cheap password hash and eager tasks."""

import atexit
import os
import shutil
import tempfile

_folder = os.environ.get("MESOCLINIC_VAR")
if not _folder:
    _folder = os.environ["MESOCLINIC_VAR"] = tempfile.mkdtemp(prefix="mesotest-")
    atexit.register(shutil.rmtree, _folder, ignore_errors=True)
os.environ.setdefault("SECRET_KEY", "tests-only-" + "k" * 64)
os.environ.setdefault("AUDIT_KEY", "tests-only-audit-" + "k" * 64)

from mesoclinic.settings import *  # noqa: E402, F403
from mesoclinic.settings import DATABASES, STORAGES, VAR_DIR  # noqa: E402

TESTING = True
DEBUG = False
ALLOWED_HOSTS = ["testserver", "localhost", "127.0.0.1"]
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
STORAGES["staticfiles"] = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
# WhiteNoise warns of a folder that is not there.
(VAR_DIR / "static").mkdir(parents=True, exist_ok=True)
CELERY_TASK_ALWAYS_EAGER = True
CELERY_TASK_EAGER_PROPAGATES = True
# Even an eager task asks the broker for a channel.
BROKER_URL = os.environ.get("REDIS_URL") or "memory://"
ACCOUNT_RATE_LIMITS = {}
# A file, not memory: threads and other processes of a test must see the same rows.
DATABASES["default"].setdefault("TEST", {})
if "sqlite3" in str(DATABASES["default"]["ENGINE"]):
    DATABASES["default"]["TEST"] = {"NAME": str(VAR_DIR / "test.sqlite3")}
LOGGING = {"version": 1, "disable_existing_loggers": False, "root": {"handlers": [], "level": "WARNING"}}
