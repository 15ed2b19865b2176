/** The signed statement of who asks, from the daemon to an application. */
export const ASSERTION_HEADER = 'x-session-assertion'
/** The application that a web server asks for; its configuration sets it, never a client. */
export const APP_HEADER = 'x-session-app'

/** Where a visitor who is not signed in can do so, for web servers that make the redirect themselves. */
export const LOGIN_HEADER = 'x-session-login'
