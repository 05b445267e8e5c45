-- The database of share/compose.yaml, made when PostgreSQL is started for the
-- first time: it belongs to a user who is no superuser, and whose password is
-- that of the secret store_password.  The first command that writes indicators
-- makes the tables.
\set password `cat /run/secrets/ctim_relay_store_password`
CREATE ROLE relay LOGIN PASSWORD :'password';
CREATE DATABASE relay OWNER relay ENCODING 'UTF8' TEMPLATE template0;
REVOKE ALL ON DATABASE relay FROM PUBLIC;
