"""How the web process is run everywhere: two plain workers, each renewed now and then."""

import os

bind = f"{os.environ.get('BIND', '127.0.0.1')}:{os.environ.get('PORT', '8000')}"
workers = 2
worker_class = "sync"
timeout = 60
graceful_timeout = 5
max_requests = 2000
max_requests_jitter = 200
# Heartbeat files on disk block when the disk is slow.
worker_tmp_dir = "/dev/shm"
loglevel = "warning"
# Addresses may carry a patient link's token: the access log stays off.
accesslog = None
control_socket_disable = True
