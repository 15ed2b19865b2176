/** In each location that has an add_header of its own, these must be repeated. */
export const HSTS = `add_header Strict-Transport-Security "max-age=63072000" always;`
export const SET_COOKIE = 'add_header Set-Cookie $holdfast_set_cookie always;'
export const CACHE_CONTROL = 'add_header Cache-Control $holdfast_cache_control always;'

/** How every page begins that nginx itself shows. */
const HEAD =
  '<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width"><style>:root{color-scheme:light dark;font:1.0625rem/1.6 system-ui,sans-serif}body{max-width:32rem;margin:18vh auto;padding:0 1.5rem}h1{font-size:1.5rem;line-height:1.25}</style>'

/** Which failure shows which page. */
export const ERROR_PAGES: string = `    # What visitors see when something fails. Change the words below as you like.
    set $holdfast_page '${HEAD}';
    # Nobody is signed in: pages lead to the sign-in, everything else is told 401.
    error_page 401 = @holdfast_login;
    # Another site caused the request.
    error_page 403 = @holdfast_refused;
    # The daemon does not answer, or its store does not: nobody is let in.
    error_page 500 = @holdfast_unavailable;
    # The application does not answer.
    error_page 502 504 @holdfast_broken;
`

/** The locations of those pages. They show nothing of an application. */
export const PAGE_LOCATIONS: string = `    location @holdfast_login {
        auth_request off;
        if ($holdfast_login = '') {
            return 401;
        }
        return 302 $holdfast_login;
    }

${page('refused', 403, 'This is not allowed', 'Another site has caused this request, or you may not see what you asked for. If you followed a link or sent a form, please do so again from this site itself.')}
${page('unavailable', 503, 'Please try again', 'We cannot tell who you are at the moment. You are not signed out; please try again in a few seconds.', ['add_header Retry-After 5 always;'])}
${page('broken', 502, 'Please try again', 'This part of the site does not answer at the moment. You are not signed out; please try again in a minute.', [SET_COOKIE])}`

function page(
  name: string,
  status: number,
  title: string,
  text: string,
  more: readonly string[] = [],
): string {
  const headers = [HSTS, 'add_header Cache-Control no-store always;', ...more]
  return `    location @holdfast_${name} {
        auth_request off;
        default_type text/html;
${headers.map((line) => `        ${line}`).join('\n')}
        return ${status} '$holdfast_page<title>${title}</title><h1>${title}</h1><p>${text}';
    }
`
}
