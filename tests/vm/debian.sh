# Sourced by tests/vm/run: a Debian with systemd as its init.
debian_packages=systemd-sysv,dbus,dbus-user-session,libpam-systemd,criu,uidmap,apparmor,iptables,busybox-static,kmod,iproute2,procps,podman,runc

make_debian_root() {
  root=$work/debian
  provide "make a Debian for the virtual machine" mmdebstrap
  if [ "$(cat "$work/debian.complete" 2>/dev/null)" != "$debian_packages" ]; then
    say "making a Debian with systemd (a minute)"
    rm -rf "$root"
    mmdebstrap --quiet --variant=essential --include="$debian_packages" --aptopt='Acquire::Languages "none"' \
      --dpkgopt='path-exclude=/usr/share/man/*' --dpkgopt='path-exclude=/usr/share/doc/*' \
      --dpkgopt='path-exclude=/usr/share/locale/*' bookworm "$root" >"$work/mmdebstrap.log" 2>&1 ||
      fail "cannot make a Debian: $(grep '^E:' "$work/mmdebstrap.log" | head -n 1); see $work/mmdebstrap.log"
    chroot "$root" useradd -m -s /bin/bash user
    echo "$debian_packages" >"$work/debian.complete"
  fi
  units=$root/etc/systemd/system
  for unit in apt-daily.timer apt-daily-upgrade.timer dpkg-db-backup.timer systemd-timesyncd.service e2scrub_all.timer \
    e2scrub_reap.service fstrim.timer getty@tty1.service serial-getty@ttyS0.service \
    systemd-update-utmp.service systemd-update-utmp-runlevel.service systemd-journal-flush.service \
    systemd-random-seed.service systemd-pstore.service systemd-tmpfiles-clean.timer podman.service podman.socket \
    podman-auto-update.timer podman-restart.service apparmor.service; do
    ln -sf /dev/null "$units/$unit"
  done
  mkdir -p "$units/multi-user.target.wants"
  install -m 644 "$here/test.service" "$units/kapsel-test.service"
  ln -sf ../kapsel-test.service "$units/multi-user.target.wants/kapsel-test.service"
  # A checkout below /tmp is there, too, and is not to be cleaned away.
  mkdir -p "$root/etc/tmpfiles.d"
  : >"$root/etc/tmpfiles.d/tmp.conf"
  echo vm >"$root/etc/hostname"
  bring_kapsel
  install_kapsel
}

# As docs/guide/configuration.md has it for a service, with the AOT cache of that place: the emulated machine would take
# minutes to make one, while it is asked for other things.
install_kapsel() {
  say "installing kapsel into the Debian"
  rm -rf "$root/usr/lib/kapsel"
  cp -a "$dist/bin/kapsel" "$root/usr/bin/"
  cp -a "$dist/lib/kapsel" "$root/usr/lib/"
  rm -f "$root"/usr/lib/kapsel/*.aot
  # shellcheck disable=SC2016 # the inner shell's
  JAVA_HOME=$JAVA_HOME unshare --mount --net --pid --fork --kill-child sh -eu -c '
    ip link set lo up
    mount --bind "$1" "$1"
    cd "$1"
    for tree in dev sys; do mount --rbind "/$tree" $tree; done
    mount -t proc proc proc
    for tree in run tmp; do mount -t tmpfs tmpfs $tree; done
    pivot_root . mnt
    umount -l mnt
    exec /usr/lib/kapsel/train /usr/lib/kapsel "run --rm host: true" "run --rm host: true"
  ' sh "$root" >"$work/train.log" 2>&1 || fail "cannot make an AOT cache in the Debian: see $work/train.log"
}
