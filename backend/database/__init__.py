"""The data path: compiled statements, wires to PostgreSQL, migrations, the embedded server."""
