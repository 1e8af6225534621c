"""Tests of the news of jobs, against real servers on this machine."""
