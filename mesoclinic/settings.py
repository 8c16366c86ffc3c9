"""The one settings module: everything that differs between clinics comes from the environment."""

from pathlib import Path

from csp.constants import NONE, SELF
from django.utils.translation import gettext_lazy as _

from mesoclinic import env, private_redis
from mesoclinic.secrets_file import kept_secret

BASE_DIR = Path(__file__).resolve().parent.parent
VAR_DIR = Path(env.text("MESOCLINIC_VAR", str(BASE_DIR / "var"), help="Folder for data: database, papers, queues."))
VAR_DIR.mkdir(parents=True, exist_ok=True, mode=0o700)

DEMO = env.boolean("DEMO", False, help="Demo clinic: synthetic patients, mail to a local sink, known passwords.")
DEBUG = env.boolean("DEBUG", False, help="Show error details. Never with real patients.")
SECRET_KEY = env.text("SECRET_KEY", help="At least 64 random characters; made and kept in MESOCLINIC_VAR when empty.")
SECRET_KEY = SECRET_KEY or kept_secret(VAR_DIR, "secret_key")
SECRET_KEY_FALLBACKS = env.words("SECRET_KEY_FALLBACKS", "", help="Old keys during a planned change.")
AUDIT_KEY = env.text("AUDIT_KEY", help="Key of the audit chain; made and kept in MESOCLINIC_VAR when empty.")
AUDIT_KEY = AUDIT_KEY or kept_secret(VAR_DIR, "audit_key")
PUBLIC_URL = env.text("PUBLIC_URL", "http://localhost:8000", help="Address of the clinic in mails and links.")
ALLOWED_HOSTS = env.words("ALLOWED_HOSTS", "localhost,127.0.0.1,[::1]", help="Host names served, by comma.")
CSRF_TRUSTED_ORIGINS = [PUBLIC_URL] if PUBLIC_URL.startswith("https://") else []
HTTPS = env.boolean("HTTPS", PUBLIC_URL.startswith("https://"), help="Cookies and redirects for https only.")
BEHIND_PROXY = env.boolean("BEHIND_PROXY", False, help="A proxy in front overwrites X-Forwarded-Proto.")

INSTALLED_APPS = [
    "mesoclinic.apps.PlatformConfig",
    "protocols.apps.ProtocolsConfig",
    "patients.apps.PatientsConfig",
    "sessions.apps.ClinicSessionsConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.forms",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "crispy_forms",
    "crispy_bootstrap5",
    "django_htmx",
    "template_partials",
    "csp",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "mesoclinic.http.ClosedSenses",
    "mesoclinic.uploads.LimitedBody",
    "mesoclinic.http.CleanCookies",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "mesoclinic.http.LocaleFromProfile",
    "django.middleware.common.CommonMiddleware",
    "mesoclinic.http.CleanInput",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.auth.middleware.LoginRequiredMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "mesoclinic.http.ActorMiddleware",
]
ROOT_URLCONF = "mesoclinic.urls"
WSGI_APPLICATION = "mesoclinic.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "mesoclinic.shell.context",
                "protocols.views.banner.catalogue_banner",
            ],
        },
    }
]

DATABASES = {
    "default": env.database("DATABASE_URL", VAR_DIR / "clinic.sqlite3", help="postgresql://…; empty: SQLite in VAR.")
}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
CACHES = {"default": {"BACKEND": "django.core.cache.backends.db.DatabaseCache", "LOCATION": "mesoclinic_cache"}}

AUTH_USER_MODEL = "mesoclinic.User"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
]
PASSWORD_HASHERS = ["mesoclinic.accounts.ClinicArgon2", "django.contrib.auth.hashers.PBKDF2PasswordHasher"]
# The longest, for an invitation: invitations.PasswordLink gives a reset one hour.
PASSWORD_RESET_TIMEOUT = 72 * 60 * 60
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "/"
ACCOUNT_ADAPTER = "mesoclinic.invitations.ClosedDoor"
ACCOUNT_PASSWORD_RESET_TOKEN_GENERATOR = "mesoclinic.invitations.PasswordLink"
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_EMAIL_NOTIFICATIONS = False
ACCOUNT_SESSION_REMEMBER = False
ACCOUNT_LOGOUT_ON_GET = False
ACCOUNT_PREVENT_ENUMERATION = True
# Nobody can register, so there is nothing to tell somebody without an account.
ACCOUNT_EMAIL_UNKNOWN_ACCOUNTS = False
ACCOUNT_RATE_LIMITS = {"login": "30/m/ip", "login_failed": "10/15m/key,100/15m/ip", "reset_password": "20/m/ip,5/m/key"}

SESSION_COOKIE_AGE = 12 * 60 * 60
SESSION_EXPIRE_AT_BROWSER_CLOSE = True
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = SECURE_SSL_REDIRECT = HTTPS
SESSION_COOKIE_NAME = "__Host-session" if HTTPS else "session"
CSRF_COOKIE_NAME = "__Host-csrf" if HTTPS else "csrf"
CSRF_COOKIE_HTTPONLY = True
CSRF_FAILURE_VIEW = "mesoclinic.http.csrf_failure"
# Machines that watch the clinic ask from beside it, without https.
SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$"]
SECURE_HSTS_SECONDS = 365 * 24 * 60 * 60 if HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = HTTPS
SECURE_REFERRER_POLICY = "same-origin"
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if BEHIND_PROXY else None
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:", "blob:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "form-action": [SELF],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
        "report-uri": ["/csp-report/"],
    }
}
DATA_UPLOAD_MAX_MEMORY_SIZE = 2 * 1024 * 1024
DATA_UPLOAD_MAX_NUMBER_FIELDS = 1500
DATA_UPLOAD_MAX_NUMBER_FILES = 10
FILE_UPLOAD_HANDLERS = [
    "mesoclinic.uploads.Capped",
    "django.core.files.uploadhandler.MemoryFileUploadHandler",
    "django.core.files.uploadhandler.TemporaryFileUploadHandler",
]
FILE_UPLOAD_PERMISSIONS = 0o600

LANGUAGE_CODE = "en"
LANGUAGES = [("en", _("English")), ("tr", _("Turkish")), ("es", _("Spanish")), ("ar", _("Arabic"))]
LOCALE_PATHS = [BASE_DIR / "locale"]
FORMAT_MODULE_PATH = ["mesoclinic.formats"]
TIME_ZONE = "UTC"
USE_TZ = True

STATIC_URL = "/static/"
STATIC_ROOT = VAR_DIR / "static"
STATICFILES_DIRS = [BASE_DIR / "static"]
PRIVATE_DIR = VAR_DIR / "private"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage", "OPTIONS": {"location": str(PRIVATE_DIR)}},
    "staticfiles": {"BACKEND": "mesoclinic.storage.HashedStatic"},
}

REDIS_URL = env.text("REDIS_URL", help="redis://…; empty: a private Redis on a socket.")
BROKER_SOCKET = Path(
    env.text("BROKER_SOCKET", help="Socket of the private Redis; in MESOCLINIC_VAR when empty.")
    or private_redis.socket_path(VAR_DIR)
)
BROKER_URL = REDIS_URL or f"redis+socket://{BROKER_SOCKET}"

EMAIL_HOST = env.text("EMAIL_HOST", "localhost", help="SMTP server.")
EMAIL_PORT = env.integer("EMAIL_PORT", 2525 if DEMO else 25, help="SMTP port.")
EMAIL_HOST_USER = env.text("EMAIL_HOST_USER", help="SMTP user, empty for none.")
EMAIL_HOST_PASSWORD = env.text("EMAIL_HOST_PASSWORD", help="SMTP password.")
EMAIL_USE_TLS = env.boolean("EMAIL_USE_TLS", False, help="STARTTLS to the SMTP server.")
EMAIL_TIMEOUT = env.integer("EMAIL_TIMEOUT", 20, help="Seconds to wait for the SMTP server.")
DEFAULT_FROM_EMAIL = env.text("DEFAULT_FROM_EMAIL", "clinic@localhost", help="Sender of all mail.")
MAIL_TRANSPORT = env.text(
    "MAIL_TRANSPORT",
    "mesoclinic.transport.SinkTransport" if DEMO else "mesoclinic.transport.SmtpTransport",
    help="Class that sends mail and can, or cannot, look a Message-ID up.",
)
OUTBOX_LEASE_SECONDS = env.integer("OUTBOX_LEASE_SECONDS", 120, help="Time a worker may hold a message.")
OUTBOX_GRACE_SECONDS = env.integer("OUTBOX_GRACE_SECONDS", 60, help="Wait before a crashed send is looked up.")
UNDO_SECONDS = env.integer("UNDO_SECONDS", 180, help="Time in which a booking can be undone before mail goes out.")
WAITLIST_HOLD_MINUTES = env.integer(
    "WAITLIST_HOLD_MINUTES", 30, help="Time for which a freed visit is kept for the patient it was offered to."
)
WAITLIST_MAIL_MINUTES = env.integer(
    "WAITLIST_MAIL_MINUTES", 240, help="The same when it was offered by e-mail, at most until the visit."
)

INTAKE_LINK_DAYS = env.integer("INTAKE_LINK_DAYS", 7, help="Days for which a link to the questions works.")
# Addresses that open nothing, by the network they are tried from.
LINK_RATE_LIMITS = {"link": "60/m/ip"}

CLOCK_FILE = env.text("MESOCLINIC_CLOCK_FILE", help="Demo and tests only: file with an offset in seconds.")
FAULTPOINTS = env.boolean("FAULTPOINTS", False, help="Tests only: let a worker be killed at named points.")

FORM_RENDERER = "django.forms.renderers.TemplatesSetting"
CRISPY_ALLOWED_TEMPLATE_PACKS = CRISPY_TEMPLATE_PACK = "bootstrap5"
CRISPY_FAIL_SILENTLY = False
SILENCED_SYSTEM_CHECKS = [
    "security.W016" if not HTTPS else "security.W021",
]

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "filters": {"no_tokens": {"()": "mesoclinic.logs.NoTokens"}},
    "formatters": {"line": {"format": "%(asctime)s %(levelname)s %(name)s %(message)s"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line", "filters": ["no_tokens"]}},
    "root": {"handlers": ["console"], "level": "INFO"},
}
