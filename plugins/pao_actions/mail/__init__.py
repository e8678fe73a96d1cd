"""The `email` action: sends a letter by the mail server of an Airflow connection."""
