# Sourced by tests/vm/run: what a virtual machine is made of.

fail() {
  say "$*"
  exit 1
}

# Unpacks a package of Debian's into a directory of its name.
fetch() {
  [ -e "$work/$1/.complete" ] && return
  say "fetching the Debian package $1"
  rm -rf "${work:?}/$1"
  mkdir -p "$work/$1"
  (cd "$work/$1" && apt-get download -qq "$1" >fetch.log 2>&1) ||
    (apt-get update -qq >/dev/null && cd "$work/$1" && apt-get download -qq "$1" >fetch.log 2>&1) ||
    fail "cannot fetch the Debian package $1: $(tail -n 1 "$work/$1/fetch.log")"
  dpkg-deb -x "$work/$1"/*.deb "$work/$1"
  rm "$work/$1"/*.deb
  touch "$work/$1/.complete"
}

# Fetches the kernel, and sets what the other parts need; for one machine at a time.
prepare_machine() {
  dist=$top/dist/target/kapsel
  find_jdk "run the virtual machine"
  provide "run the virtual machine" qemu-system-x86 busybox-static e2fsprogs cpio kmod
  [ -x "$dist/bin/kapsel" ] || fail "there is no distribution in $dist; build it with ./kapsel version"
  [ "$(uname -m)" = x86_64 ] || fail "the virtual machine is x86-64, and needs an x86-64 distribution"
  mkdir -p "$work"
  exec 9>"$work/lock"
  flock 9
  image=$(newest_kernel)
  [ -n "$image" ] || { apt-get update -qq >/dev/null && image=$(newest_kernel); }
  [ -n "$image" ] || fail "apt knows no linux-image-cloud-amd64, the kernel of Debian that is booted"
  fetch "$image"
  kernel=$work/$image
  version=${image#linux-image-}
  busybox=$(readlink -f "$(command -v busybox)")
  [ -e "$kernel/lib/modules/$version/modules.dep" ] || depmod -b "$kernel" "$version"
  make_initramfs
  exec 9>&-
}

# Makes a disk of the root file system.
make_disk() {
  rm -f "$1"
  truncate -s 2500M "$1"
  mke2fs -q -t ext4 -F -E root_owner=0:0 -d "$root" "$1"
}

# Runs a machine: boot DISK WORDS-FOR-THE-KERNEL [OPTION-OF-QEMU...]
boot() {
  root_disk=$1
  words=$2
  shift 2
  timeout "$seconds" qemu-system-x86_64 -accel tcg,thread=multi -smp 2 -m 1536 -cpu max \
    -nodefaults -no-user-config -display none -serial stdio -no-reboot \
    -kernel "$kernel/boot/vmlinuz-$version" -initrd "$work/initramfs.cpio" \
    -drive file="$root_disk",format=raw,if=virtio,cache=unsafe "$@" \
    -append "console=ttyS0 quiet panic=-1 mitigations=off nokaslr no_timer_check systemd.show_status=0 $words"
}

newest_kernel() {
  apt-cache depends linux-image-cloud-amd64 2>/dev/null | sed -n 's/^ *Depends: \(linux-image-[^ ]*\)$/\1/p' | head -n 1
}

# A program or library, with the libraries that it is linked with, at the same places below the new root.
bring() {
  for file in "$@" $(ldd "$@" 2>/dev/null | sed -n 's/^[^/]*\(\/[^ :]*\) (0x.*/\1/p' | sort -u); do
    mkdir -p "$root$(dirname "$file")"
    cp -L --remove-destination "$file" "$root$file"
  done
}

# The root that the kernel finds first: drivers for the disk, and a script that goes over to it.
make_initramfs() {
  small=$work/initramfs
  rm -rf "$small"
  mkdir -p "$small/bin" "$small/modules" "$small/disk"
  cp "$busybox" "$small/bin/busybox"
  {
    echo '#!/bin/busybox sh'
    echo '/bin/busybox mkdir -p /dev && /bin/busybox mount -t devtmpfs dev /dev'
    for module in virtio_pci virtio_blk; do
      modprobe -d "$kernel" -S "$version" --show-depends $module | while read -r _ path _; do
        cp "$path" "$small/modules/"
        echo "/bin/busybox insmod /modules/${path##*/} 2>/dev/null"
      done
    done
    echo 'until [ -b /dev/vda ]; do /bin/busybox sleep 0.1; done'
    echo '/bin/busybox mount -t ext4 /dev/vda /disk && exec /bin/busybox switch_root /disk /sbin/init'
  } >"$small/init"
  chmod 755 "$small/init"
  (cd "$small" && find . | cpio -o -H newc --quiet) >"$work/initramfs.new"
  mv "$work/initramfs.new" "$work/initramfs.cpio" # the other machine may just be reading it
}

# The JDK, this checkout's distribution, the script, and what that needs to find them.
bring_kapsel() {
  rm -rf "$root$dist"
  mkdir -p "$root$dist" "$root$JAVA_HOME" "$root/lib/modules"
  for part in bin conf lib release; do
    cp -au "$JAVA_HOME/$part" "$root$JAVA_HOME/"
  done
  rm -f "$root$JAVA_HOME/lib/src.zip" "$root$JAVA_HOME/lib/ct.sym"
  cp -a "$kernel/lib/modules/$version" "$root/lib/modules/"
  cp -a "$dist/." "$root$dist/"
  install -m 755 "$script" "$root/test"
  for part in "$script"-*; do
    [ ! -f "$part" ] || install -m 644 "$part" "$root/${part##*/}"
  done
  install -m 644 "$here/expect.sh" "$root/expect.sh"
  printf 'JAVA_HOME=%s\nKAPSEL=%s/bin/kapsel\n' "$JAVA_HOME" "$dist" >"$root/etc/kapsel-test"
}

make_small_root() {
  root=$work/root
  fetch apparmor
  rm -rf "$root/sbin/init"
  mkdir -p "$root/bin" "$root/sbin" "$root/etc" "$root/usr/bin" \
    "$root/dev" "$root/proc" "$root/sys" "$root/run" "$root/tmp" "$root/root" "$root/var/lib" "$root/home/someone"
  chmod 1777 "$root/tmp"
  for applet in $("$busybox" --list); do
    ln -sf /bin/busybox "$root/bin/$applet"
  done
  cp -f --remove-destination "$busybox" "$root/bin/busybox"
  ln -sf /bin/busybox "$root/sbin/modprobe"
  printf 'root:x:0:0:root:/root:/bin/sh\nuser:x:1000:1000::/:/bin/sh\n' >"$root/etc/passwd"
  printf 'root:x:0:\nuser:x:1000:\n' >"$root/etc/group"
  printf 'root:secret:1:0:99999:7:::\n' >"$root/etc/shadow"
  chmod 600 "$root/etc/shadow"
  bring_kapsel
  bring "$JAVA_HOME/bin/java" "$JAVA_HOME"/lib/*.so "$JAVA_HOME/lib/server/libjvm.so"
  # What busybox has not: its shell takes applets in place of these.
  bring /bin/sh /usr/bin/env "$(command -v flock)" "$(command -v setsid)" "$(command -v nice)" \
    "$(command -v cksum)"
  cp -a "$work/apparmor/etc/apparmor.d" "$root/etc/"
  cp -a "$work/apparmor/sbin/apparmor_parser" "$root/sbin/"
  install -m 755 "$here/init" "$root/sbin/init"
}
