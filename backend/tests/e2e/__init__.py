"""The real program behind a real Better Auth, on one PostgreSQL. Needs Node 20 and npm."""
