/**
 * `node --require`: counts this process's operations on files, databases and sockets, and lets one of them fail or end
 * the process. Told by the environment:
 *   SWEEP_FOLDER  files below it count, others do not
 *   SWEEP_FAULT   `<kind>#<number>`: the operation, counted within its kind from 1 on; none: only counts
 *   SWEEP_MODE    once   that operation fails (EIO, SQLITE_IOERR, ECONNRESET)
 *                 full   from it on, the disk is full: whatever writes fails
 *                 kill   the process is killed at it
 *                 power  as kill, and what was not yet fsynced is lost
 *   SWEEP_TRACE   where to write, at the end, every operation: `[kind, label]` in order
 *   SWEEP_HIT     where to write what the fault hit
 */
'use strict';
const { readHooks } = require('./fault-hooks.cjs');
const { Disk } = require('./fault-disk.cjs');
const { writeFileSync } = require('node:fs');

const { SWEEP_FOLDER: folder, SWEEP_FAULT: fault, SWEEP_MODE: mode, SWEEP_TRACE, SWEEP_HIT } = process.env;
const [faultKind, faultNumber] = (fault ?? '#0').split('#');
const write = writeFileSync;
const disk = new Disk();
const counts = new Map();
const trace = [];
let full = false;

/** Whether this operation must fail, and how: null, `io` or `full`. Ends the process where that is the fault. */
function hit(kind, label, writes, tear) {
  const number = (counts.get(kind) ?? 0) + 1;
  counts.set(kind, number);
  if (SWEEP_TRACE !== undefined) trace.push([kind, label]);
  if (kind === faultKind && number === Number(faultNumber)) {
    write(SWEEP_HIT, JSON.stringify({ kind, number, label, stack: new Error().stack }));
    if (tear !== undefined) tear();
    if (mode === 'power') disk.cut(number % 2 === 1);
    if (mode === 'power' || mode === 'kill') process.kill(process.pid, 'SIGKILL');
    if (mode === 'full') full = true;
    else return 'io';
  }
  return full && writes ? 'full' : null;
}

/** SQLite gives up the transaction by itself on some of these errors, and not on others. */
const rollsBack = () => Number(faultNumber) % 2 === 1;

// Half of what a start takes, and no part of it: there is no SQL Server here.
const nothing = new Proxy(function () {}, { get: () => nothing });
require.cache[require.resolve('mssql')] = { loaded: true, exports: nothing };

readHooks({ folder, hit, disk, rollsBack });
if (SWEEP_TRACE !== undefined) process.on('exit', () => write(SWEEP_TRACE, JSON.stringify(trace)));
