# So that whoever sends a task finds the application, in a web server as in a worker.
from config.celery import app as celery_app

__all__ = ["celery_app"]
