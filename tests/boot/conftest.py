"""Boot tests: the fixtures are those of tests/conftest.py, and

    wire      the far end of the network card's cable (tests/lib/wire.py)
"""

import pytest

from tests.lib.wire import Wire


@pytest.fixture
def wire(test_directory):
    w = Wire(test_directory)
    yield w
    w.close()
