"""The dashboard in a real browser: values that move, a lost connection, and a demotion."""

from playwright.sync_api import expect

from tests.e2e.inspection import open_inspector
from tests.e2e.pausing import paused
