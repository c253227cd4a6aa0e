import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DataError, RecipeError } from '../core/errors.js';
import { recipeToJson } from './freeze.js';
import { recipes } from './recipes.js';
import { loadRecipeFile } from './recipes.node.js';

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'octograd-recipes-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

async function fileOf(name: string, text: string): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, text);
  return path;
}

describe('loadRecipeFile', () => {
  it('reads what recipeToJson writes', async () => {
    const path = await fileOf('paper.json', recipeToJson(recipes.paper));
    expect(await loadRecipeFile(path)).toEqual(recipes.paper);
  });

  it('calls a recipe without a name after its file, and minds no byte order mark', async () => {
    const recipe = await loadRecipeFile(
      await fileOf('four-chunks.json', '\uFEFF{"extends":"paper","norm":{"chunks":4}}'),
    );
    expect(recipe.name).toBe('four-chunks');
    expect(recipe.norm.chunks).toBe(4);
  });

  it('names the file in what is wrong with the recipe', async () => {
    const path = await fileOf('wrong.json', '{"extends":"paper","norm":{"chunks":0}}');
    const attempt = loadRecipeFile(path);
    await expect(attempt).rejects.toThrow(RecipeError);
    await expect(attempt).rejects.toThrow(`not 0 (in ${path})`);
    await expect(loadRecipeFile(await fileOf('list.json', '[1]'))).rejects.toThrow(
      'a recipe is a JSON object',
    );
  });

  it.each([
    ['{\n  "name": "x",\n  "norm": }\n', 3],
    ['{\n  "name": "x",\n', 2],
    ['', 1],
  ])('names the line of broken JSON (case %#)', async (text, line) => {
    const path = await fileOf('broken.json', text);
    const attempt = loadRecipeFile(path);
    await expect(attempt).rejects.toThrow(DataError);
    await expect(attempt).rejects.toThrow(`${path}: is not JSON, see line ${line}`);
  });

  it('says what is in place of a file', async () => {
    await expect(loadRecipeFile(join(folder, 'none.json'))).rejects.toThrow('there is no such recipe file');
    await expect(loadRecipeFile(folder)).rejects.toThrow('is a folder');
  });
});
