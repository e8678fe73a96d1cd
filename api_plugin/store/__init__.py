"""PAO's own tables: what Airflow does not know. SQLAlchemy models, queries and Alembic migrations; nothing else of ours."""
