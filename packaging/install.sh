#!/bin/sh
# Installs the gateway as a service on this machine: /opt/campusgw, the unit, its user, udev rules.
#
#     sudo packaging/install.sh                                         from this source tree
#     sudo packaging/install.sh --no-index --find-links DIR campus-gateway   offline, from wheels in DIR
#
# Run it again to upgrade. Configuration and stored records are never touched.
set -eu

home=/opt/campusgw
here=$(cd "$(dirname "$0")/.." && pwd)
units=$here/systemd

[ "$(id -u)" = 0 ] || { echo "$0: please run as root" >&2; exit 1; }
python=${PYTHON:-/usr/bin/python3}
"$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || {
    echo "$0: $python is older than 3.11; set PYTHON=/usr/bin/python3.11 or newer" >&2
    exit 1
}
"$python" -c 'import ensurepip' 2>/dev/null || {
    echo "$0: venv is missing: apt install python3-venv" >&2
    exit 1
}

[ $# -gt 0 ] || set -- "$here"
"$python" -m venv "$home"
"$home/bin/pip" install --quiet --upgrade "$@"
ln -sf "$home/bin/campusgw" /usr/local/bin/campusgw

install -D -m 644 "$units/campusgw.service" /etc/systemd/system/campusgw.service
install -D -m 644 "$units/campusgw.sysusers" /etc/sysusers.d/campusgw.conf
install -D -m 644 "$units/campusgw.tmpfiles" /etc/tmpfiles.d/campusgw.conf
install -D -m 644 "$units/campusgw.modules-load" /etc/modules-load.d/campusgw.conf
install -D -m 644 "$units/99-campusgw.rules" /etc/udev/rules.d/99-campusgw.rules

systemd-sysusers /etc/sysusers.d/campusgw.conf
systemd-tmpfiles --create /etc/tmpfiles.d/campusgw.conf
# In a container there is no udev and there are no modules; on a board there are, or a reboot sees to it.
modprobe -a usbserial cdc_acm 2>/dev/null || true
{ udevadm control --reload && udevadm trigger --subsystem-match=tty; } 2>/dev/null || true
systemctl daemon-reload
systemctl try-restart campusgw.service

if [ -e /etc/campusgw/gateway.yaml ]; then
    echo "installed. Next: campusgw check /etc/campusgw/gateway.yaml && systemctl enable --now campusgw"
else
    echo "installed. Next: write /etc/campusgw/gateway.yaml; examples are in $home/share/campusgw/configs/gateways"
fi
