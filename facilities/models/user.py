from django.contrib.auth.models import AbstractUser
from django.db import models

from facilities.keys import new_id


class User(AbstractUser):
    """A person who signs in. What they may do is in their memberships."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)

    @property
    def display_name(self) -> str:
        return self.get_full_name() or self.username
