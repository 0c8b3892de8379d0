#!/bin/sh
# Takes the service away again. /etc/campusgw and /var/lib/campusgw stay: they hold the site's configuration and
# alarms that may not have been sent yet.
set -eu

[ "$(id -u)" = 0 ] || { echo "$0: please run as root" >&2; exit 1; }
systemctl disable --now campusgw.service 2>/dev/null || true
rm -f /etc/systemd/system/campusgw.service /etc/sysusers.d/campusgw.conf /etc/tmpfiles.d/campusgw.conf \
    /etc/modules-load.d/campusgw.conf /etc/udev/rules.d/99-campusgw.rules /usr/local/bin/campusgw
rm -rf /opt/campusgw
systemctl daemon-reload
echo "removed. Kept: /etc/campusgw, /var/lib/campusgw, the user campusgw"
