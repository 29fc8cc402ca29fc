import pytest

from tests import api


@pytest.fixture
def caller(organization):
    """A program with an editor's key of ours."""
    return api.client(organization)
