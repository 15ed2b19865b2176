/**
 * Mozilla's intermediate profile 5.8 (ssl-config.mozilla.org): every browser since 2015, and no key exchange without forward secrecy. Its
 * X25519MLKEM768 is left out: OpenSSL before 3.5 does not start with a name that it does not know.
 */
export const TLS = `    # Mozilla's intermediate profile, version 5.8. With OpenSSL 3.5 and later, put X25519MLKEM768: before the curves.
    ssl_protocols TLSv1.2 TLSv1.3;
    ssl_ciphers ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-RSA-AES256-GCM-SHA384:ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305;
    ssl_ecdh_curve X25519:prime256v1:secp384r1;
    ssl_prefer_server_ciphers off;
    ssl_session_timeout 1d;
    ssl_session_cache shared:holdfast_tls:10m;
    ssl_session_tickets off;
`
