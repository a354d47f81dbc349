# Makes the logins and their databases, when PostgreSQL's image starts for the first time. Neither is
# a superuser, and neither comes into the database of the other: `duly` makes the role of requests,
# `app` is Better Auth's.
set -eu
make_login() {
  url=$(cat "$2")
  password=${url#*://*:}
  password=${password%%@*}
  psql --no-psqlrc --quiet --set=ON_ERROR_STOP=1 --set=login="$1" --set=password="$password" \
    --username="$POSTGRES_USER" --dbname=postgres <<SQL
create role :"login" login $3 password :'password';
create database :"login" owner :"login";
revoke all on database :"login" from public;
SQL
}
make_login duly "${DATABASE_URL_FILE:-/run/secrets/database_url}" createrole
make_login app "${APP_DATABASE_URL_FILE:-/run/secrets/app_database_url}" nocreaterole
