/** Rows of a table by index, and the table's gradient. Backward, every thread owns rows of the table and reads all indices. */
import { int, ptr, splitStart } from './args';
import {
  embedding_cols,
  embedding_grad_cols,
  embedding_grad_gradOutput,
  embedding_grad_gradTable,
  embedding_grad_indices,
  embedding_grad_rows,
  embedding_grad_tableRows,
  embedding_indices,
  embedding_output,
  embedding_rows,
  embedding_site,
  embedding_status,
  embedding_table,
  embedding_tableRows,
} from './generated';
import { setStatus } from './range';

export function embedding(args: usize, thread: i32, threads: i32): void {
  const indices = ptr(args, embedding_indices);
  const rows = int(args, embedding_rows);
  const tableRows = int(args, embedding_tableRows);
  const bytes = (<usize>int(args, embedding_cols)) << 2;
  let bits = 0;
  const end = splitStart(rows, thread + 1, threads, 1);
  for (let r = splitStart(rows, thread, threads, 1); r < end; r++) {
    const to = ptr(args, embedding_output) + <usize>r * bytes;
    const index = load<i32>(indices + ((<usize>r) << 2));
    if (index >= 0 && index < tableRows) {
      memory.copy(to, ptr(args, embedding_table) + <usize>index * bytes, bytes);
    } else {
      memory.fill(to, 0, bytes);
      bits = 2;
    }
  }
  setStatus(ptr(args, embedding_status), int(args, embedding_site), bits);
}

export function embedding_grad(args: usize, thread: i32, threads: i32): void {
  const indices = ptr(args, embedding_grad_indices);
  const gradTable = ptr(args, embedding_grad_gradTable);
  const rows = int(args, embedding_grad_rows);
  const bytes = (<usize>int(args, embedding_grad_cols)) << 2;
  const tableRows = int(args, embedding_grad_tableRows);
  const first = splitStart(tableRows, thread, threads, 1);
  const last = splitStart(tableRows, thread + 1, threads, 1);
  memory.fill(gradTable + <usize>first * bytes, 0, <usize>(last - first) * bytes);
  for (let r = 0; r < rows; r++) {
    const index = load<i32>(indices + ((<usize>r) << 2));
    if (index < first || index >= last) continue;
    const to = gradTable + <usize>index * bytes;
    const from = ptr(args, embedding_grad_gradOutput) + <usize>r * bytes;
    let k: usize = 0;
    for (; k + 16 <= bytes; k += 16) v128.store(to + k, f32x4.add(v128.load(to + k), v128.load(from + k)));
    for (; k < bytes; k += 4) store<f32>(to + k, load<f32>(to + k) + load<f32>(from + k));
  }
}
