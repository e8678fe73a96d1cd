"""PAO's own tables, for what Airflow does not know: SQLAlchemy models and Alembic migrations."""
