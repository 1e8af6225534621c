"""Encoder Studio: fine-tune BERT-family encoders on your own tables."""

__version__ = "0.1.0"
