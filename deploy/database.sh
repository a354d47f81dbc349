# Makes the login and the database of Duly, when PostgreSQL's image starts for the first time. The
# login is no superuser: it makes the role of requests, and owns its own database.
set -eu
url=$(cat "${DATABASE_URL_FILE:-/run/secrets/database_url}")
password=${url#*://*:}
password=${password%%@*}
psql --no-psqlrc --quiet --set=ON_ERROR_STOP=1 --set=password="$password" --username="$POSTGRES_USER" --dbname=postgres <<'SQL'
create role duly login createrole password :'password';
create database duly owner duly;
SQL
