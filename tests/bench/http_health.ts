import { httpBench } from "./http.ts";

/** `/health`: what every request costs. */
export const httpHealth = httpBench("http_health", "/health");
