"""The harness of the tests that run in the emulator."""
