"""The built-in sample dataset: customer messages to a small online shop, in six intents."""

from pathlib import Path

SAMPLE_NAME = "customer-messages"
SAMPLE_ROLES = {"text": "message", "label": "intent"}
SAMPLE_LICENCE = "Written for this project; Apache-2.0, like the rest of the repository."


def sample_path() -> Path:
    """The CSV file (UTF-8, header `message,intent`) that ships inside the package."""
    return Path(__file__).resolve().parent / "customer_messages.csv"
