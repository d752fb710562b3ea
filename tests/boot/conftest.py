"""Boot tests: the fixtures are those of tests/conftest.py."""
