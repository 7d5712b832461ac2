-- Run once by the container of docker-compose.yml, when its volume is empty. Each domain has a database of its own.
create database freshet_user;
create database freshet_inventory;
