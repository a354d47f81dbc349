# Reads secrets from the files that NAME_FILE names, then becomes the command: process 1 is no shell.
set -eu
for name in BETTER_AUTH_SECRET DATABASE_URL; do
  eval "file=\${${name}_FILE:-}"
  if [ -n "$file" ]; then
    value=$(cat "$file")
    export "$name=$value"
  fi
done
exec "$@"
