"""The demo clinic's own parts: known sign-ins and a mailbox that keeps every mail on this machine."""

DEMO_LOGINS = ("director@demo.test", "derm@demo.test", "nurse@demo.test", "desk@demo.test")
DEMO_PASSWORD = "scalp-map-2026"
