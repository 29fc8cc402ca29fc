def pytest_ignore_collect(collection_path, config):
    """Leave these out of every run but their own: `pytest -p schemathesis tests/contract`."""
    return None if config.pluginmanager.hasplugin("schemathesis") else True
