/** Why the site cannot start, in words for the person who started it. */
export class StartError extends Error {}
