"""Tells, when Airflow is upgraded, which parts of its source that PAO relies on have changed since their review."""
