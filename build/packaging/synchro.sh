#!/bin/sh
# The command line of the program, with the Node that it was tested with.
here=$(dirname -- "$(readlink -f -- "$0")")
exec "$here/node" "$here/package.nw/synchro.js" "$@"
