# syntax=docker/dockerfile:1.7
# One recipe for all services: docker build --file infra/docker/service.Dockerfile --build-arg SERVICE=user-service .

FROM node:24.21.0-bookworm-slim AS build
RUN npm install --global pnpm@12.21.0
WORKDIR /freshet
# The dependencies alone first: this layer stays as long as the lockfile does.
COPY pnpm-lock.yaml pnpm-workspace.yaml ./
RUN pnpm fetch
COPY . .
RUN pnpm install --frozen-lockfile --prefer-offline && pnpm build
# What comes before is the same for every service.
ARG SERVICE
# A folder of its own with the production dependencies that the lockfile names; our packages in it as copies, not links.
RUN pnpm --filter "@freshet/${SERVICE}" --config.inject-workspace-packages=true deploy --prod /app

FROM node:24.21.0-bookworm-slim
ENV NODE_ENV=production HOST=0.0.0.0
WORKDIR /app
# Owned by root: the process cannot change its own code.
COPY --from=build /app ./
USER node
# node itself, not npm: it gets the SIGTERM. Compose puts an init in front (`init: true`).
CMD ["node", "--enable-source-maps", "--import", "@freshet/service-kit/register", "dist/main.js"]
