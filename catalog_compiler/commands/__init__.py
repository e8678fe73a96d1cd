"""The commands of `pao` that need no Airflow, one module each."""
